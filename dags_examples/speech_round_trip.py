"""Speak known sentences, transcribe the audio and compare: the word error rate shows when a model has changed.

Schedule it daily. Each run speaks all sentences again, about four minutes of speech, because two renders of a text
differ and the vendor's models change. The run fails if more than `max_word_error_rate` of the words came back wrong.
The results of each run are kept below `{destination}_wer/`.

`pip install jiwer` for the comparison. Without an API key, run it against the emulator with the extras `asr` and `tts`
(`scripts/demo --speech` does so).

Connections: `fluxions_default` (password: the API key) and `aws_default` (writes the audio and the results).
Parameters: `destination`, an S3 folder; `voice`; `max_word_error_rate`, an absolute bound.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowFailException, Param, task

from airflow_provider_fluxions.transfers import FluxionsS3TextToSpeechOperator, FluxionsS3ToS3Operator

FLUXIONS_CONN_ID = "fluxions_default"
AWS_CONN_ID = "aws_default"

# Renders are random, so a few sentences say little. Without digits and names, whose spelling is a matter of taste.
SENTENCES = """
The morning train leaves the station at a quarter past seven.
She bought fresh bread and a pound of butter at the market.
The old bridge was closed because of the heavy rain.
Please remember to water the plants before you go away.
Our neighbors are painting their kitchen a bright yellow.
The children built a castle of sand near the water.
He forgot his umbrella in the back of the taxi.
A good breakfast is worth more than a strong coffee.
The museum opens its new exhibition on the first of March.
They sat along the river until the sun went down.
My brother plays the guitar in a small band.
The doctor asked him to drink more water every day.
We ordered two bowls of soup and a plate of rice.
The letter arrived three weeks after it was sent.
Her garden is full of roses in the early summer.
The library closes at six on weekdays.
You can see the mountains from the kitchen window.
The film was longer than I had expected.
The telephone on the second floor is out of order.
The cat sleeps on the warm stones behind the house.
A light wind moved the leaves of the apple tree.
The engineer checked every bolt of the machine.
We need a bigger table for the whole family.
The teacher wrote the question on the board.
He learned to swim when he was five years old.
The bakery sells the best cake in town.
Their flight was delayed by almost two hours.
She put the keys in the pocket of her coat.
The farmer gathered the hay before the storm.
Everyone at the table laughed at the story.
The path through the forest is narrow and steep.
I would like a glass of cold milk, please.
The battery of this phone lasts two days.
The painter mixed blue and yellow to make green.
They moved to a quiet village by the sea.
The concert begins with a piece for the piano.
Snow covered the roofs of all the houses.
The manager thanked the team for the hard work.
A small boat crossed the lake in the fog.
The recipe needs three eggs and a cup of sugar.
He reads the newspaper every morning at breakfast.
The lamp in the hall is broken again.
We planted potatoes in the field behind the barn.
The river carries a lot of sand after the rain.
She speaks four languages and is learning a fifth.
The bus stops in front of the post office.
A loud noise woke the dog in the middle of the garden.
The shop on the corner repairs old watches.
The students finished the test in less than an hour.
Clean the windows with warm water and a soft cloth.
The captain opened the map and changed the course.
It is cheaper to travel in the middle of the week.
""".strip().splitlines()
SPELLINGS = {"dr": "doctor", "mr": "mister", "mrs": "missus", "ok": "okay", "neighbours": "neighbors"}


# [START howto_speech_round_trip]
def normalized(text: str) -> str:
    """Return a text as it is compared: lower case, one spelling, no tags, no punctuation, no hyphens."""
    words = re.sub(r"\[[^\]]*\]", " ", text).lower().replace("-", "").replace("'", "")
    return " ".join(SPELLINGS.get(word, word) for word in re.findall(r"\w+", words))


def word_errors(sentences: dict[str, str], transcripts: dict[str, str]) -> dict[str, Any]:
    """Return the word error rate of all sentences together, and of each. A missing transcript counts as all wrong.

    Sentences are named by their ids. Both texts are normalized first; ``raw_word_error_rate`` is that of the texts as
    they are.
    """
    import jiwer

    expected = {name: normalized(text) for name, text in sentences.items()}
    found = {name: normalized(transcripts.get(name, "")) for name in sentences}
    each = [
        {"id": name, "spoken": expected[name], "heard": found[name], "wer": jiwer.wer(expected[name], found[name])}
        for name in sentences
    ]
    total = jiwer.wer(list(expected.values()), list(found.values()))
    raw = jiwer.wer(list(sentences.values()), [" ".join(transcripts.get(name, "").split()) for name in sentences])
    return {"word_error_rate": round(total, 4), "raw_word_error_rate": round(raw, 4), "sentences": each}


with DAG(
    dag_id="fluxions_speech_round_trip",
    description="Speak known sentences, transcribe them and compare",
    schedule=None,
    start_date=datetime(2025, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["fluxions"],
    # A retry renders and transcribes only what the failed try did not store.
    default_args={"retries": 2, "retry_delay": timedelta(minutes=2)},
    params={
        "destination": Param("s3://fluxions-output/round-trip/", type="string", description="S3 folder"),
        "voice": Param("maeve", type="string", description="Voice to speak with"),
        "max_word_error_rate": Param(0.05, type="number", description="The run fails above this"),
    },
) as dag:
    # Each run has a folder of its own, the same on every try.
    FOLDER = "{{ params.destination }}{{ run_id }}/"

    @task
    def write(folder: str) -> str:
        """Write the sentences as JSON Lines. Returns the address of the file."""
        import json

        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        lines = [json.dumps({"id": f"s{number:03}", "text": text}) for number, text in enumerate(SENTENCES)]
        bucket, key = S3Hook.parse_s3_url(f"{folder}sentences.jsonl")
        S3Hook(aws_conn_id=AWS_CONN_ID).load_string("\n".join(lines), key, bucket, replace=True)
        return f"{folder}sentences.jsonl"

    speak = FluxionsS3TextToSpeechOperator(
        task_id="speak",
        source=write(FOLDER),
        destination=f"{FOLDER}spoken/",
        voice="{{ params.voice }}",
        key_template="{name}{extension}",
        fluxions_conn_id=FLUXIONS_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
    )
    transcribe = FluxionsS3ToS3Operator(
        task_id="transcribe",
        source=f"{FOLDER}spoken/*.wav",
        destination=f"{FOLDER}transcripts/",
        key_template="{stem}{extension}",
        poll_interval=10,
        deferrable=True,
        fluxions_conn_id=FLUXIONS_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
    )

    @task
    def compare(folder: str, destination: str, run: str, bound: str) -> float:
        """Compare, keep the results below ``{destination}_wer/``, and return the word error rate.

        :raises AirflowFailException: it is above the bound.
        """
        import json

        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        from airflow_provider_fluxions.formats import read_stored

        s3 = S3Hook(aws_conn_id=AWS_CONN_ID)
        bucket, prefix = S3Hook.parse_s3_url(f"{folder}transcripts/")
        names = {f"s{number:03}": text for number, text in enumerate(SENTENCES)}
        keys = set(s3.list_keys(bucket, f"{prefix}s"))
        transcripts = {
            name: read_stored(s3.get_key(key, bucket).get()["Body"].read()).text_clean
            for name in names
            if (key := f"{prefix}{name}.json") in keys
        }
        # Without the label of the speaker in front of each turn.
        heard = {name: re.sub(r"^SPEAKER_\w+: ?", "", text, flags=re.MULTILINE) for name, text in transcripts.items()}
        result = {"run_id": run, **word_errors(names, heard)}
        bucket, key = S3Hook.parse_s3_url(f"{destination}_wer/{run}.json")
        s3.load_string(json.dumps(result, indent=1), key, bucket, replace=True)
        rate: float = result["word_error_rate"]
        if rate > float(bound):
            raise AirflowFailException(
                f"The word error rate is {rate:.4f}, above {bound}. s3://{bucket}/{key} has each sentence."
            )
        return rate

    compared = compare(FOLDER, "{{ params.destination }}", "{{ run_id }}", "{{ params.max_word_error_rate }}")
    speak >> transcribe >> compared
# [END howto_speech_round_trip]
