"""What every room stands on: errors, identity and geometry."""
