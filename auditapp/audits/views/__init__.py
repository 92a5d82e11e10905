"""Pages of an audit, by what a person does on them."""
