"""From a filed wording to a proposed clause tree: `python -m products.author`. A guide: docs/AUTHORING.md."""
