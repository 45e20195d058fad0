"""The sentences of derived transcripts."""

from __future__ import annotations

TAGS = ("[laugh]", "[breath]", "[pause]", "[hesitation]", "[sigh]", "[env]", "[tut]", "[sniff]", "[cough]")

SENTENCES = (
    "Good morning, thanks for taking the call.",
    "I was charged twice in March, and I would like to know why.",
    "Let me open your account... one moment, please.",
    "The parcel left our warehouse on the 14 of May.",
    "Um... so... it never arrived, and I have waited for 3 weeks.",
    "That is *really* not how it should work.",
    "I can send a replacement today, free of charge.",
    "Would the same address work for you?",
    "It is number 27, not 72, that may be the mistake.",
    "The report counts every call, so the totals should match.",
    "We moved the job to the night, because the machines are idle then.",
    "Hahaha, I did not expect that answer.",
    "The first file is short, the others take about an hour.",
    "Could you repeat the last part? The line was bad.",
    "Sure, the reference starts with B and ends with 9.",
    "I spoke to a colleague of yours in Zürich on Monday.",
    "So the contract runs for another year?",
    "It does, unless you write to us before the end of June.",
    "Nobody told me, and I asked for it in writing.",
    "You are right, I will note that down.",
)

ASIDES = (
    "Right.",
    "Yes, exactly.",
    "Mm-hm.",
    "I see...",
    "That makes sense to me.",
    "Okay, go on.",
    "100 %.",
    "No, not at all.",
)
