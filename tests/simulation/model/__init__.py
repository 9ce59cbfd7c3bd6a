"""The rows of a payday in plain Python: what each transaction's SQL does to them. It decides nothing itself."""
