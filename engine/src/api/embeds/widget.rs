//! The chat widget. Its files are one function when put together, so that nothing of it is seen by the page, and there is
//! nothing to build. (This file stands alone: whoever ships the widget as a file includes it, too.)

/// Later files use what earlier ones define.
pub const SCRIPT: &str = concat!(
    "// The Haversack chat widget. https://github.com/haversack/haversack\n(() => {\n\"use strict\";\nconst STYLE = `",
    include_str!("widget/style.css"),
    "`;\n",
    include_str!("widget/words.js"),
    include_str!("widget/options.js"),
    include_str!("widget/session.js"),
    include_str!("widget/talk.js"),
    include_str!("widget/markdown.js"),
    include_str!("widget/dom.js"),
    include_str!("widget/conversation.js"),
    include_str!("widget/element.js"),
    include_str!("widget/start.js"),
    "})();\n",
);
