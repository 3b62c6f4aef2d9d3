//! The `messages` of a request, taken apart.

use super::wrong;
use crate::api::ApiError;
use crate::chat::{ATTACHMENTS_MAX, DOCUMENT, image};
use crate::llm::{Message, Role};
use serde_json::{Value, json};

/// What was said, and what is asked.
#[derive(Debug, PartialEq)]
pub struct Conversation {
    /// All instructions; they replace the workspace's.
    pub system: Option<String>,
    /// Everything between them and the question.
    pub history: Vec<Message>,
    /// The text of the last message.
    pub question: String,
    /// Images of the last message, and files of all messages, as a question carries them.
    pub attachments: Vec<Value>,
}

impl Conversation {
    /// Bytes of all texts.
    pub fn bytes(&self) -> usize {
        let said = self.history.iter().map(|message| message.content.len()).sum::<usize>();
        self.system.as_ref().map_or(0, String::len) + said + self.question.len()
    }
}

/// Takes `messages` apart.
///
/// # Errors
/// [`Code::InvalidField`](crate::api::Code::InvalidField), with the place in `param`.
pub fn read(messages: Option<&Value>) -> Result<Conversation, ApiError> {
    let expected = "`messages` must be a list of messages, the last of them from the user.";
    let Some(Value::Array(messages)) = messages else { return Err(wrong("messages", expected)) };
    let Some((last, earlier)) = messages.split_last() else { return Err(wrong("messages", expected)) };
    if last["role"] != "user" {
        // The words are theirs.
        let message = "No user prompt found. Must be last element in message array with 'user' role.";
        return Err(wrong("messages", message));
    }
    let (mut instructions, mut history, mut files) = (Vec::new(), Vec::new(), Vec::new());
    for (at, message) in earlier.iter().enumerate() {
        let content = Content::read(&message["content"], at)?;
        files.extend(content.files);
        let role = match message["role"].as_str() {
            Some("system" | "developer") => {
                instructions.push(content.text);
                continue;
            }
            Some("user") => Role::User,
            Some("assistant") => Role::Assistant,
            _ => {
                let known = "system, developer, user and assistant; tools are not called here";
                return Err(wrong(&format!("messages[{at}].role"), format!("The roles are {known}.")));
            }
        };
        let attachments = content.images.iter().map(image).collect();
        history.push(Message { role, content: content.text, attachments });
    }
    let Content { text: question, images: mut attachments, files: new } =
        Content::read(&last["content"], earlier.len())?;
    attachments.extend(files.into_iter().chain(new));
    if question.is_empty() {
        return Err(wrong("messages", "The last message has no text."));
    }
    if attachments.len() > ATTACHMENTS_MAX {
        return Err(wrong("messages", format!("A question can bring {ATTACHMENTS_MAX} files at most.")));
    }
    let system = (!instructions.is_empty()).then(|| instructions.join("\n\n"));
    Ok(Conversation { system, history, question, attachments })
}

/// The content of one message.
#[derive(Default)]
struct Content {
    text: String,
    images: Vec<Value>,
    files: Vec<Value>,
}

impl Content {
    fn read(content: &Value, message: usize) -> Result<Content, ApiError> {
        let parts = match content {
            Value::String(text) => return Ok(Content { text: text.clone(), ..Content::default() }),
            // What the assistant says when it calls tools.
            Value::Null => return Ok(Content::default()),
            Value::Array(parts) => parts,
            _ => {
                return Err(wrong(
                    &format!("messages[{message}].content"),
                    "Content is a text or a list of parts.",
                ));
            }
        };
        let (mut texts, mut content) = (Vec::new(), Content::default());
        for (at, part) in parts.iter().enumerate() {
            let known = match part["type"].as_str().unwrap_or_default() {
                "text" => part["text"].as_str().map(|text| texts.push(text)),
                "image_url" => address(&part["image_url"]).map(|url| {
                    let name = format!("uploaded_image_{}", content.images.len());
                    content.images.push(attachment(&name, media_type(url), url.to_owned()));
                }),
                "input_audio" => audio(&part["input_audio"]).map(|(mime, uri)| {
                    let name = format!("uploaded_audio_{}", content.images.len());
                    content.images.push(attachment(&name, &mime, uri));
                }),
                "file" => part["file"]["file_data"].as_str().map(|data| {
                    let name = part["file"]["filename"].as_str().unwrap_or_default();
                    content.files.push(attachment(name, DOCUMENT, data.to_owned()));
                }),
                _ => None,
            };
            known.ok_or_else(|| {
                let kinds = "`text`, `image_url` with a `url`, `input_audio` with `data` and `format`, and `file` with \
                             `file_data`";
                wrong(&format!("messages[{message}].content[{at}]"), format!("Parts are {kinds}."))
            })?;
        }
        content.text = texts.join("\n");
        Ok(content)
    }
}

fn attachment(name: &str, mime: &str, content: String) -> Value {
    json!({ "name": name, "mime": mime, "contentString": content })
}

/// `{"url": …}`, or the address itself.
fn address(image: &Value) -> Option<&str> {
    image.as_str().or_else(|| image["url"].as_str())
}

fn media_type(uri: &str) -> &str {
    let head = uri.strip_prefix("data:").and_then(|rest| rest.split([';', ',']).next());
    head.filter(|mime| !mime.is_empty()).unwrap_or("image/png")
}

fn audio(sound: &Value) -> Option<(String, String)> {
    let mime = format!("audio/{}", sound["format"].as_str()?);
    let uri = format!("data:{mime};base64,{}", sound["data"].as_str()?);
    Some((mime, uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn param(messages: Value) -> Value {
        read(Some(&messages)).unwrap_err().extra["param"].clone()
    }

    #[test]
    fn instructions_history_and_question_are_told_apart() {
        let messages = json!([
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": null},
            {"role": "user", "content": [{"type": "text", "text": "two"}, {"type": "text", "text": "three"}]},
        ]);
        let read = read(Some(&messages)).unwrap();
        assert_eq!(read.system.as_deref(), Some("Be brief.\n\nBe kind."));
        assert_eq!(read.history, [Message::new(Role::User, "one"), Message::new(Role::Assistant, "")]);
        assert_eq!((read.question.as_str(), read.attachments.len()), ("two\nthree", 0));
    }

    #[test]
    fn images_stay_with_their_message_and_files_come_with_the_question() {
        let image = json!({"type": "image_url", "image_url": {"url": "data:image/gif;base64,AA=="}});
        let file = json!({"type": "file", "file": {"filename": "a.txt", "file_data": "data:text/plain;base64,aGk="}});
        let text = json!({"type": "text", "text": "look"});
        let messages = json!([
            {"role": "user", "content": [image, file]},
            {"role": "user", "content": [text, image, {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}]},
        ]);
        let read = read(Some(&messages)).unwrap();
        assert_eq!(read.history[0].attachments.len(), 1);
        let mimes: Vec<&str> = read.attachments.iter().map(|a| a["mime"].as_str().unwrap()).collect();
        assert_eq!(mimes, ["image/gif", "audio/wav", DOCUMENT]);
        assert_eq!(read.attachments[0]["name"], "uploaded_image_0");
    }

    #[test]
    fn what_is_wrong_is_named_by_its_place() {
        let user = json!({"role": "user", "content": "x"});
        assert_eq!(param(json!([])), "messages");
        assert_eq!(param(json!([{"role": "assistant", "content": "x"}])), "messages");
        assert_eq!(param(json!([{"role": "tool", "content": "x"}, user])), "messages[0].role");
        assert_eq!(param(json!([{"role": "user", "content": 7}])), "messages[0].content");
        let bad = json!({"type": "image_url", "image_url": {}});
        assert_eq!(param(json!([user, {"role": "user", "content": [bad]}])), "messages[1].content[0]");
        assert_eq!(param(json!([{"role": "user", "content": ""}])), "messages");
        assert_eq!(param(json!("hello")), "messages");
    }
}
