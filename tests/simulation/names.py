"""Who is in a story."""

DISPATCHER = "dispatcher"
RESOLVERS = ("resolver", "another resolver")
WORKERS = ("ann", "bob", "cid")
