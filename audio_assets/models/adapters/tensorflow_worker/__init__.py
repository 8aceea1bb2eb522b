"""The child process that holds TensorFlow, and the frames that it speaks over its pipes."""
