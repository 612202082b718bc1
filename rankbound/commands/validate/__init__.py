"""`validate`: do the terms of the bound go with measured effectiveness."""
