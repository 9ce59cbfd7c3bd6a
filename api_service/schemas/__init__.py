"""What goes over the wire, in camelCase: read strictly, written from rows."""
