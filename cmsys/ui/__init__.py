"""What every page is made of: the registry rooms add themselves to, the declared class of a model, components, charts."""
