"""The command `study`: everything over many data sets, and one table of all."""
