"""Everything that knows SQL. Functions take the session they are given; only the outermost caller commits."""
