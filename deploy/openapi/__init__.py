"""The API's document as it is committed: what it says, what was promised, and which promises are broken knowingly."""
