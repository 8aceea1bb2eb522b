"""Models that other runtimes run: TFLite, ONNX and TensorFlow SavedModels."""
