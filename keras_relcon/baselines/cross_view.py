from typing import Any

import keras
from keras import ops

from keras_relcon.baselines.pretraining_method import PretrainingMethod
from keras_relcon.checks import check_kind, check_layer, check_number, message
from keras_relcon.losses.nt_xent import nt_xent_loss
from keras_relcon.models.frozen_parts import FrozenParts, freeze
from keras_relcon.types import Shape, Tensor

INPUTS = ("windows", "privileged")


@keras.saving.register_keras_serializable(package="keras_relcon")
class CrossView(FrozenParts, PretrainingMethod):
    """Pretrains an encoder to embed a window as a teacher embeds other data.

    The encoder, the student, sees acceleration alone. The teacher sees what is
    measured beside it in training and is missing later: a gyroscope, a sensor
    elsewhere on the body, a walkway of pressure. After Lu et al., whose walking
    robot learns from what only a simulation knows:

    ```
    loss = mean(nt_xent(projector(student(windows)), teacher(privileged)))
    ```

    No gradient reaches the teacher, unless it is trained by the same loss.

    Args:
        encoder: Keras model, `(batch, time, channels)` to `(batch, dim)`.
        teacher: Keras model or layer, from the other data to `(batch,
            width)`.
        projector: Keras model or layer, `(batch, dim)` to `(batch, width)`;
            or `None`, if the encoder has the teacher's width. Discarded after
            training. Defaults to `None`.
        temperature: float, above 0. Defaults to `0.1`.
        train_teacher: bool. `False` freezes the teacher, which is then taken
            as it is in inference. Defaults to `False`.
        seed: int or `None`. Defaults to `None`.

    Call arguments:
        inputs: dict of `windows`, `(batch, time, channels)`, g, and
            `privileged`, `(batch, ...)`, any unit: the other data of the same
            times.

    Returns:
        dict of `embedding`, `(batch, dim)`, `projection` and `target`,
        `(batch, width)`.

    Raises:
        TypeError: if `encoder`, `teacher` or `projector` is no layer.
        ValueError: if `temperature` is not above 0, the input is no such dict,
            or projections have not the teacher's width.

    Differs from the paper: experimental, for only its abstract is public. It
    trains with a reinforcement loss beside this one.

    Example:

    >>> model = keras_relcon.baselines.CrossView(
    ...     encoder=keras_relcon.layers.ResNet1D34(),
    ...     teacher=keras.Sequential(
    ...         [keras.layers.Conv1D(32, 9), keras.layers.GlobalMaxPooling1D()]
    ...     ),
    ...     projector=keras_relcon.models.mlp_projector((128, 32)),
    ...     train_teacher=True,
    ... )
    >>> model.compile(optimizer="adam")
    >>> model.fit({"windows": acceleration, "privileged": rotation})
    """

    PARTS = ("encoder", "teacher", "projector")

    def __init__(
        self,
        encoder: keras.Model,
        teacher: keras.Layer,
        projector: keras.Layer | None = None,
        temperature: float = 0.1,
        train_teacher: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, seed, **kwargs)
        check_kind("teacher", teacher, keras.Layer, "a Keras layer or model")
        check_layer("projector", projector)
        check_number("temperature", temperature, above=0)
        self.teacher = teacher
        self.projector = projector
        self.temperature = temperature
        self.train_teacher = train_teacher
        self.freeze_parts()

    def build(self, input_shape: Any) -> None:
        _check_inputs(input_shape)
        shape = (None, *input_shape["privileged"][1:])
        if not self.teacher.built:
            self.teacher.build(shape)
        self.freeze_parts()
        self._width = self.teacher.compute_output_shape(shape)[-1]
        super().build(input_shape["windows"])

    def freeze_parts(self) -> None:
        if not self.train_teacher:
            freeze(self.teacher)

    def build_parts(self, window_shape: Shape) -> None:
        shape = self.embedding_shape(window_shape)
        if self.projector is not None:
            if not self.projector.built:
                self.projector.build(shape)
            shape = tuple(self.projector.compute_output_shape(shape))
        if shape[-1] != self._width:
            raise ValueError(
                message(
                    "A projection must have as many numbers as the teacher "
                    f"gives, which are {self._width}.",
                    f"{shape[-1]} numbers",
                    "Give `projector=keras_relcon.models.mlp_projector((128, "
                    f"{self._width}))`.",
                )
            )

    def call(
        self, inputs: dict[str, Tensor], training: bool = False
    ) -> dict[str, Tensor]:
        embeddings = self.encode(inputs["windows"], training)
        projections = embeddings
        if self.projector is not None:
            projections = self.projector(embeddings, training=training)
        targets = self.teacher(
            inputs["privileged"], training=training and self.train_teacher
        )
        if not self.train_teacher:
            targets = ops.stop_gradient(targets)
        return {
            "embedding": embeddings,
            "projection": projections,
            "target": targets,
        }

    def loss_of(self, outputs: dict[str, Tensor]) -> Tensor:
        return ops.mean(
            nt_xent_loss(
                outputs["projection"], outputs["target"], self.temperature
            )
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "temperature": self.temperature,
            "train_teacher": self.train_teacher,
        }


def _check_inputs(shapes):
    if not isinstance(shapes, dict) or set(shapes) != set(INPUTS):
        received = sorted(shapes) if isinstance(shapes, dict) else shapes
        raise ValueError(
            message(
                f"The input must be a dict of {INPUTS[0]!r} and {INPUTS[1]!r}.",
                f"{received}",
                "Give the acceleration of each window and what was measured "
                "beside it.",
            )
        )
