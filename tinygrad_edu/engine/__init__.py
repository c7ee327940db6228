"""The engine: records, the sweep, Tensor and its transforms. Read `record`, `sweep`, `tensor`, `transforms`."""
