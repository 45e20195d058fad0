// Reads a JSON array of WebVTT texts from standard input; writes what the W3C's parser makes of each.
const { WebVTTParser } = require("webvtt-parser");

const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
const read = texts.map((text) => {
  const { cues, errors } = new WebVTTParser().parse(text, "subtitles/captions/descriptions");
  return {
    cues: cues.map((cue) => ({ start: cue.startTime, end: cue.endTime, text: cue.text })),
    errors: errors.map((error) => `${error.line}:${error.col} ${error.message}`),
  };
});
process.stdout.write(JSON.stringify(read));
