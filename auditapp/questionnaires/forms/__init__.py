"""Forms about what is asked, by what a person does with them."""
