import keras
import torch


class RelConTrainStep:
    """The training and test step of `RelConModel` on PyTorch."""

    def train_step(self, data):
        inputs, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        with torch.no_grad():
            distances = self.rank_candidates(inputs)

        similarities = self(inputs, training=True)
        loss = self.compute_loss(inputs, distances, similarities, None, True)
        self._loss_tracker.update_state(
            loss, sample_weight=inputs["anchor"].shape[0]
        )

        self.zero_grad()
        self.optimizer.scale_loss(loss).backward()
        variables = list(self.trainable_variables)
        gradients = [variable.value.grad for variable in variables]
        with torch.no_grad():
            self.optimizer.apply(gradients, variables)
        return self.compute_metrics(inputs, distances, similarities)

    def test_step(self, data):
        inputs, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        distances = self.rank_candidates(inputs)
        similarities = self(inputs, training=False)
        loss = self.compute_loss(inputs, distances, similarities, None, False)
        self._loss_tracker.update_state(
            loss, sample_weight=inputs["anchor"].shape[0]
        )
        return self.compute_metrics(inputs, distances, similarities)


def compiled(function, model):
    """Eager PyTorch compiles nothing; it leaves out the gradient's records."""
    return torch.no_grad()(function)


def one_by_one(function, state, parts):
    """Calls `state, output = function(state, part)` for each part in turn.

    Returns the last state, and the outputs stacked. Differentiable.
    """
    outputs = []
    for part in parts:
        state, output = function(state, part)
        outputs.append(output)
    return state, torch.stack(outputs)
