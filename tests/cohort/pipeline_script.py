"""Embeds or predicts a folder by Beam's local runner.

python pipeline_script.py FOLDER OUTPUT embed|predict MODEL WORKERS
"""

import sys

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

import keras_relcon as kr


def main(folder, output, kind, model, workers):
    options = PipelineOptions(
        runner="DirectRunner",
        direct_num_workers=int(workers),
        direct_running_mode="multi_processing"
        if workers != "1"
        else "in_memory",
    )
    transform = {"embed": kr.beam.Embed, "predict": kr.beam.Predict}[kind]
    jobs = kr.cohort.find_jobs(folder, sample_rate_hz=50)
    with beam.Pipeline(options=options) as pipeline:
        found = pipeline | beam.Create(jobs) | transform(model, output)
        for name in ("done", "failed"):
            lines = found[name] | f"Say {name}" >> beam.Map(say, name)
            # Of all workers in one place, so that each line is whole.
            _ = lines | f"Show {name}" >> beam.io.WriteToText(
                f"{output}.{name}", shard_name_template=""
            )
    for name in ("done", "failed"):
        with open(f"{output}.{name}", encoding="utf-8") as file:
            print(file.read(), end="")


def say(facts, name):
    return f"{name} {facts}"


if __name__ == "__main__":
    main(*sys.argv[1:])
