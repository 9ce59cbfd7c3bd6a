"""Examples of the document, one story: a test sends what is asked, and compares what is answered."""
