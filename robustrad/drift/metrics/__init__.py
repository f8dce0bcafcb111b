"""Pure metric functions of drift: arrays in, numbers out, undefined is NaN with a status."""
