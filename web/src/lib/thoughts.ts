// What a model thought before it answered comes in the same text, between <think> and </think>.

const OPEN = "<think>";
const CLOSE = "</think>";

/** A part of a reply, told apart. */
export interface Heard {
  thought: string;
  said: string;
}

/** Tells thoughts from what is said, while the text comes in pieces that end anywhere. */
export class Thoughts {
  /** Thoughts stand at the start of a reply, or right behind others. Elsewhere the tag is a word of the answer. */
  #state: "start" | "thinking" | "saying" = "start";
  #held = "";
  #begun = false;

  get thinking(): boolean {
    return this.#state === "thinking";
  }

  add(piece: string): Heard {
    const heard: Heard = { thought: "", said: "" };
    let text = this.#held + piece;
    this.#held = "";
    while (text !== "") {
      if (this.#state === "saying") {
        heard.said += text;
        break;
      }
      if (this.#state === "start") {
        const front = text.trimStart();
        if (front.startsWith(OPEN)) {
          this.#state = "thinking";
          if (this.#begun) heard.thought += "\n\n";
          this.#begun = true;
          text = front.slice(OPEN.length);
        } else if (OPEN.startsWith(front)) {
          this.#held = text;
          break;
        } else {
          this.#state = "saying";
          text = this.#begun ? front : text;
        }
        continue;
      }
      const end = text.indexOf(CLOSE);
      if (end >= 0) {
        heard.thought += text.slice(0, end);
        this.#state = "start";
        text = text.slice(end + CLOSE.length);
        continue;
      }
      const kept = begun(text);
      heard.thought += text.slice(0, text.length - kept);
      this.#held = text.slice(text.length - kept);
      break;
    }
    return heard;
  }

  /** Nothing more comes: what was held back is what it looks like. */
  end(): Heard {
    const text = this.#held;
    this.#held = "";
    if (this.#state === "thinking") return { thought: text, said: "" };
    return { thought: "", said: this.#begun ? text.trimStart() : text };
  }
}

/** How many characters at the end of `text` may be the beginning of the closing tag. */
function begun(text: string): number {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(CLOSE.slice(0, length))) return length;
  }
  return 0;
}

/** Both parts of a whole reply. */
export function thoughtsOf(text: string): Heard {
  const reader = new Thoughts();
  const first = reader.add(text);
  const last = reader.end();
  return { thought: (first.thought + last.thought).trim(), said: first.said + last.said };
}
