"""A two-layer network in numpy, trained by gradient descent with momentum."""

import numpy as np


class ShapeClassifier:
    def __init__(self, num_features: int, num_classes: int, *, hidden: int = 128, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.params = [
            rng.normal(0, (2 / num_features) ** 0.5, (num_features, hidden)).astype(np.float32),
            np.zeros(hidden, np.float32),
            rng.normal(0, (1 / hidden) ** 0.5, (hidden, num_classes)).astype(np.float32),
            np.zeros(num_classes, np.float32),
        ]
        self.velocity = [np.zeros_like(p) for p in self.params]

    def train_step(self, images: np.ndarray, labels: np.ndarray, *, learning_rate: float) -> float:
        """Updates the weights with one batch and returns its mean cross-entropy before the update."""
        w1, b1, w2, b2 = self.params
        x = images.reshape(len(images), -1)
        hidden = np.maximum(x @ w1 + b1, 0)
        logits = hidden @ w2 + b2
        logits -= logits.max(axis=1, keepdims=True)
        probabilities = np.exp(logits)
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        rows = np.arange(len(labels))
        loss = -float(np.log(probabilities[rows, labels] + 1e-9).mean())

        d_logits = probabilities
        d_logits[rows, labels] -= 1
        d_logits /= len(labels)
        d_hidden = (d_logits @ w2.T) * (hidden > 0)
        gradients = (x.T @ d_hidden, d_hidden.sum(axis=0), hidden.T @ d_logits, d_logits.sum(axis=0))
        for parameter, velocity, gradient in zip(self.params, self.velocity, gradients):
            velocity *= 0.9
            velocity -= learning_rate * gradient
            parameter += velocity
        return loss
