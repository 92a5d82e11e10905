"""Forms of an audit: they check what was typed; the verbs of the models act."""
