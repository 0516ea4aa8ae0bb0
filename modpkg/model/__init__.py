"""Pure frozen values: documents, versions, modules, images. No I/O."""
