"""Files and questions over HTTP."""
