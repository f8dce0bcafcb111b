"""What differs between CT scans of one patient: dose, noise, reconstruction kernel, slice thickness."""
