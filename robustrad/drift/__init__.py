"""What perturbation does to a model: performance, predictions and selection over conditions."""
