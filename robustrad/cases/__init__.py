"""Cases: the table of images and masks, and every check that can be made before anything runs."""
