"""The sweep: plan, tasks, workers, and the study folder that they fill."""
