#!/bin/sh
# Makes dialogue.mp3 and memo.mp3 next to this script. Needs flite, sox and ffmpeg.
# Every pause is fixed and the encoder writes no date, so one set of tools gives the same bytes each time.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# say VOICE NUMBER PITCH_CENTS TEXT: one utterance at 16 kHz mono, even loudness, 0.5 s of silence after it.
say() {
    flite -voice "$1" -t "$4" -o "$work/raw.wav"
    sox "$work/raw.wav" -r 16000 -c 1 -b 16 "$work/$2.wav" pitch "$3" silence 1 0.02 0.3% norm -4 pad 0 0.5
}

# encode NAME BITRATE: everything said since the last call becomes NAME.mp3.
encode() {
    sox "$work"/[0-9]*.wav "$work/all.wav"
    ffmpeg -nostdin -loglevel error -y -i "$work/all.wav" -ac 1 -ar 16000 -b:a "$2" \
        -map_metadata -1 -fflags +bitexact -flags:a +bitexact "$here/$1.mp3"
    rm -f "$work"/*.wav
}

analyst=slt
engineer=rms

say "$analyst" 01 0 "Good morning. Did all the call recordings from last night arrive in the lake?"
say "$engineer" 02 0 "Nearly all of them. We have four hundred files, and three of those were empty."
say "$analyst" 03 0 "Can you send the empty ones again without paying twice for the others?"
say "$engineer" 04 0 "Yes. Every job has its own reference, so a second run finds the work that is done."
say "$analyst" 05 0 "That is good news. When can I start my report?"
say "$engineer" 06 0 "You can start at ten. The table has one row for every recording."
say "$analyst" 07 0 "All right. I will count the customers that ask about the new price."
say "$engineer" 08 0 "Please tell me if a speaker looks wrong, and I will check that recording."
encode dialogue 32k

say "$engineer" 01 0 "This is a short note for the morning team. All the files from last night are here."
say "$engineer" 02 0 "Nothing was lost, and nothing was paid for twice."
encode memo 32k
