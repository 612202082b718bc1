"""Columns of parquet, Arrow and Hugging Face folders."""
