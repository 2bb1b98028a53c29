"""Trained networks as files of other tools: ONNX, torch.export, and packages of bioimage.io."""
