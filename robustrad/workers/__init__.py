"""Worker processes that may die without taking the work along; threads; interruption."""
