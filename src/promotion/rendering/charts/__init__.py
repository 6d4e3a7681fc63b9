"""Rules of Helm's charts: metadata, versions, schemas, and Helm's own words."""
