//! Running content streams for the text they show (ISO 32000-2, 9.4).

use std::rc::Rc;

use hayro_font::kurbo::{Affine, Point, Vec2};
use hayro_syntax::content::{Instruction, UntypedIter};
use hayro_syntax::object::dict::keys::{ACTUAL_TEXT, MATRIX, RESOURCES, SUBTYPE};
use hayro_syntax::object::{Array, Dict, Name, Object, ObjectIdentifier, Stream};

use super::super::budget::Budget;
use super::font::{Code, Font, readable};
use super::info::text_string;
use super::inline::searchable_bytes;
use super::layout::{Layout, Placed};
use super::page::{Known, Reader};
use super::replacements::Replacements;
use super::resources::Resources;
use super::stream::{StreamFault, decode};
use crate::Limit;

/// Forms within forms that are followed. Real files stay below ten; each level costs stack.
const MAX_FORM_DEPTH: usize = 20;
/// Saved graphics states.
const MAX_SAVED_STATES: usize = 10_000;
/// Resources of forms within forms that are held at a time; they take ten times that in memory.
const MAX_HELD_RESOURCES_BYTES: usize = 8 * 1024 * 1024;

/// Runs the content of one page.
pub(crate) struct Interpreter<'r, 'a, 'b, 'l> {
    reader: &'r mut Reader<'a>,
    budget: &'b mut Budget<'l>,
    pub layout: Layout,
    /// Signs that were shown, and those among them that no font could name.
    pub shown: u64,
    pub unknown: u64,
    /// Whether a picture was drawn.
    pub pictures: bool,
    /// The limit that ended everything.
    pub stop: Option<Limit>,
    /// Whether a form was passed over because it lay too deep.
    cut: bool,
    /// What marked content says instead of its signs.
    replacements: Replacements,
    held_resources_bytes: usize,
}

#[derive(Clone)]
struct State<'a> {
    transform: Affine,
    font: Option<Rc<Font<'a>>>,
    size: f64,
    char_spacing: f64,
    word_spacing: f64,
    stretch: f64,
    leading: f64,
    rise: f64,
}

/// Where the next sign goes.
#[derive(Clone, Copy, Default)]
struct TextMatrices {
    text: Affine,
    line: Affine,
}

impl<'r, 'a, 'b, 'l> Interpreter<'r, 'a, 'b, 'l> {
    pub fn new(reader: &'r mut Reader<'a>, budget: &'b mut Budget<'l>) -> Self {
        Self {
            reader,
            budget,
            layout: Layout::default(),
            shown: 0,
            unknown: 0,
            pictures: false,
            stop: None,
            cut: false,
            replacements: Replacements::default(),
            held_resources_bytes: 0,
        }
    }

    /// Runs the content of a page.
    pub fn page(&mut self, content: &[u8], resources: &Resources<'a>) {
        if self.read(resources.bytes()).is_some() {
            self.held_resources_bytes = resources.bytes();
            self.run(content, resources, Affine::IDENTITY, 0);
        }
    }

    /// Takes note of bytes that were read once more; `None` if that was too much.
    pub fn read(&mut self, bytes: usize) -> Option<()> {
        let outcome = self.budget.read(bytes);
        self.check(outcome)
    }

    /// Takes note of a value that was looked up. If it was not what was expected, the object that is there instead was
    /// read for nothing.
    pub fn followed(&mut self, dict: &Dict<'a>, key: &[u8], found: bool) -> Option<()> {
        if !found && dict.get_ref(key).is_some() { self.read(self.reader.largest_object) } else { Some(()) }
    }

    fn check(&mut self, outcome: Result<(), Limit>) -> Option<()> {
        if let Err(limit) = outcome {
            self.stop.get_or_insert(limit);
        }
        self.stop.is_none().then_some(())
    }

    /// Runs a content stream. `depth` counts the forms around it.
    fn run(&mut self, content: &[u8], resources: &Resources<'a>, transform: Affine, depth: usize) {
        let mut state = State {
            transform,
            font: None,
            size: 0.0,
            char_spacing: 0.0,
            word_spacing: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
        };
        let mut saved = Vec::new();
        let mut at = TextMatrices::default();
        let mut instructions = UntypedIter::new(content);
        let open = self.replacements.open();
        // A form is read once more each time it is drawn.
        if self.read(content.len()).is_none() {
            return;
        }
        while let Some(instruction) = instructions.next() {
            let outcome = self.budget.work(1);
            if self.check(outcome).is_none() {
                break;
            }
            match &**instruction.operator {
                b"q" if saved.len() < MAX_SAVED_STATES => saved.push(state.clone()),
                b"Q" => {
                    if let Some(restored) = saved.pop() {
                        state = restored;
                    }
                }
                b"cm" => state.transform *= affine(&instruction),
                b"Do" => self.draw(&instruction, resources, state.transform, depth),
                b"BI" => self.pictures = true,
                b"BDC" => {
                    let replacement = self.replacement(&instruction, resources);
                    self.replacements.begin(replacement);
                }
                b"BMC" => self.replacements.begin(None),
                b"EMC" => self.replacements.end(),
                _ => self.text(&instruction, resources, &mut state, &mut at),
            }
        }
        self.replacements.close_to(open);
    }

    fn text(
        &mut self,
        instruction: &Instruction<'_, '_>,
        resources: &Resources<'a>,
        state: &mut State<'a>,
        at: &mut TextMatrices,
    ) {
        let numbers = || numbers::<6>(instruction);
        match &**instruction.operator {
            b"BT" => *at = TextMatrices::default(),
            b"Tf" => {
                if let Some(Object::Name(name)) = instruction.operands().next() {
                    let font = self.reader.fonts.get(&resources.fonts, name, self.budget);
                    state.font = self.kept(font);
                }
                state.size = instruction.operands().nth(1).and_then(number).unwrap_or(0.0);
            }
            b"Tc" => state.char_spacing = numbers()[0],
            b"Tw" => state.word_spacing = numbers()[0],
            b"Tz" => state.stretch = numbers()[0] / 100.0,
            b"TL" => state.leading = numbers()[0],
            b"Ts" => state.rise = numbers()[0],
            b"Td" => next_line(at, numbers()[0], numbers()[1]),
            b"TD" => {
                state.leading = -numbers()[1];
                next_line(at, numbers()[0], numbers()[1]);
            }
            b"Tm" => {
                at.line = affine(instruction);
                at.text = at.line;
            }
            b"T*" => next_line(at, 0.0, -state.leading),
            b"Tj" => self.show_operand(instruction.operands().next(), state, at),
            b"'" => {
                next_line(at, 0.0, -state.leading);
                self.show_operand(instruction.operands().next(), state, at);
            }
            b"\"" => {
                (state.word_spacing, state.char_spacing) = (numbers()[0], numbers()[1]);
                next_line(at, 0.0, -state.leading);
                self.show_operand(instruction.operands().nth(2), state, at);
            }
            b"TJ" => {
                let Some(Object::Array(pieces)) = instruction.operands().next() else { return };
                self.show_pieces(pieces, state, at);
            }
            _ => {}
        }
    }

    fn kept<T>(&mut self, outcome: Result<T, Limit>) -> Option<T> {
        match outcome {
            Ok(value) => Some(value),
            Err(limit) => {
                self.stop.get_or_insert(limit);
                None
            }
        }
    }

    fn show_operand(&mut self, operand: Option<&Object<'_>>, state: &State<'a>, at: &mut TextMatrices) {
        if let Some(Object::String(string)) = operand {
            self.show(string.as_bytes(), state, at);
        }
    }

    fn show_pieces(&mut self, pieces: &Array<'_>, state: &State<'a>, at: &mut TextMatrices) {
        for piece in pieces.iter::<Object<'_>>() {
            match &piece {
                Object::String(string) => self.show(string.as_bytes(), state, at),
                Object::Number(number) => {
                    let back = number.as_f64() / 1000.0 * state.size;
                    let vertical = state.font.as_ref().is_some_and(|font| font.is_vertical());
                    let step = if vertical { (0.0, -back) } else { (-back * state.stretch, 0.0) };
                    at.text *= Affine::translate(step);
                }
                _ => {}
            }
        }
    }

    /// Shows a string: places each sign and moves on (ISO 32000-2, 9.4.4).
    fn show(&mut self, mut bytes: &[u8], state: &State<'a>, at: &mut TextMatrices) {
        let Some(font) = state.font.clone() else { return };
        let vertical = font.is_vertical();
        while !bytes.is_empty() {
            let outcome = self.budget.work(1);
            if self.check(outcome).is_none() {
                return;
            }
            let Code { length, meaning } = font.next(bytes);
            let (own, rest) = bytes.split_at(length.min(bytes.len()));
            bytes = rest;
            let is_space = own == b" ";
            let spacing = state.char_spacing + if is_space { state.word_spacing } else { 0.0 };
            let length = meaning.advance / 1000.0 * state.size + spacing;
            let step = if vertical { Vec2::new(0.0, length) } else { Vec2::new(length * state.stretch, 0.0) };

            let to_page = state.transform * at.text;
            let origin = to_page * Point::new(0.0, state.rise);
            let linear = to_page.with_translation(Vec2::ZERO);
            let advance = (linear * step.to_point()).to_vec2();
            let along =
                if vertical { Vec2::new(0.0, -1.0) } else { Vec2::new(state.stretch * state.size, 0.0) };
            let direction = (linear * along.to_point()).to_vec2();
            let size = state.size.abs() * linear.determinant().abs().sqrt();
            if direction.hypot() > 0.0 {
                let text = self.name(meaning.text, is_space);
                let direction = direction / direction.hypot();
                let outcome = self.budget.write(text.len());
                if self.check(outcome).is_none() {
                    return;
                }
                self.layout.place(&Placed { text: &text, origin, advance, direction, size });
                // Much less text than this stays behind, but until then its pieces are in memory.
                if self.layout.held_bytes() > self.budget.limits().max_text_bytes {
                    self.stop = Some(Limit::MaxTextBytes);
                    return;
                }
            }
            at.text *= Affine::translate(step);
        }
    }

    /// What to write for a sign: what its font says, or what the marked content around it says, once.
    fn name(&mut self, text: Option<Rc<str>>, is_space: bool) -> Rc<str> {
        if let Some(replacement) = self.replacements.take() {
            return replacement.into();
        }
        self.shown += 1;
        text.unwrap_or_else(|| {
            self.unknown += u64::from(!is_space);
            if is_space { " ".into() } else { "".into() }
        })
    }

    fn replacement(
        &mut self,
        instruction: &Instruction<'_, '_>,
        resources: &Resources<'a>,
    ) -> Option<String> {
        let text = match instruction.operands().nth(1)? {
            Object::Dict(properties) => text_of(properties),
            Object::Name(name) => {
                let properties = resources.properties.get::<Dict<'a>>(name);
                self.followed(&resources.properties, name, properties.is_some())?;
                let properties = properties?;
                self.read(properties.data().len())?;
                text_of(&properties)
            }
            _ => None,
        }?;
        self.read(text.len())?;
        let text = readable(text_string(&text));
        // It may wait for its sign together with many others.
        let outcome = self.budget.write(text.len());
        self.check(outcome)?;
        Some(text)
    }

    fn draw(
        &mut self,
        instruction: &Instruction<'_, '_>,
        resources: &Resources<'a>,
        transform: Affine,
        depth: usize,
    ) {
        let Some(Object::Name(name)) = instruction.operands().next() else { return };
        // Streams are always objects of their own.
        let Some(id) = resources.x_objects.get_ref(name).map(ObjectIdentifier::from) else { return };
        let stream = match self.reader.known.get(&id) {
            Some(_) => None,
            None => resources.x_objects.get::<Stream<'a>>(name),
        };
        if stream.as_ref().is_some_and(|stream| self.read(stream.dict().data().len()).is_none()) {
            return;
        }
        let dict = match &stream {
            Some(stream) => Some(stream.dict().clone()),
            None if self.reader.known.contains_key(&id) => None,
            // Of a picture whose data is damaged it can still be said that it is one.
            None => Some(resources.x_objects.get::<Dict<'a>>(name).unwrap_or_default()),
        };
        if let Some(dict) = dict
            && (stream.is_none() || !is_kind(&dict, b"Form"))
        {
            let known = if is_kind(&dict, b"Image") { Known::Picture } else { Known::Nothing };
            self.reader.known.insert(id, known);
        }
        self.form(stream.as_ref(), id, resources, transform, depth);
    }

    /// Runs a form that is handed over or known; one that showed nothing is not run again.
    pub fn form(
        &mut self,
        form: Option<&Stream<'a>>,
        id: ObjectIdentifier,
        around: &Resources<'a>,
        transform: Affine,
        depth: usize,
    ) {
        let (form, content) = match (self.reader.known.get(&id), form) {
            (Some(Known::Picture), _) => {
                self.pictures = true;
                return;
            }
            (Some(Known::Form(form, content)), _) => (form.clone(), Some(content.clone())),
            (None, Some(form)) => (form.clone(), None),
            _ => return,
        };
        if depth >= MAX_FORM_DEPTH {
            self.cut = true;
            return;
        }
        let content = match content {
            Some(content) => content,
            None => match decode(&form, self.budget) {
                Ok(mut content) => {
                    content.truncate(searchable_bytes(&content));
                    let content = Rc::new(content);
                    self.reader.remember_form(id, &form, &content);
                    content
                }
                Err(StreamFault::Limit(limit)) => {
                    self.stop = Some(limit);
                    return;
                }
                Err(StreamFault::Damaged) => {
                    self.reader.known.insert(id, Known::Nothing);
                    return;
                }
            },
        };
        let (shown, pictures) = (self.shown, self.pictures);
        self.pictures = false;
        self.run_form(&form, &content, around, transform, depth);
        // Only what was run in full is known to be empty.
        let empty = self.shown == shown && !self.pictures && self.replacements.open() == 0;
        if empty && self.stop.is_none() && !self.cut {
            self.reader.known.insert(id, Known::Nothing);
        }
        self.pictures |= pictures;
    }

    fn run_form(
        &mut self,
        form: &Stream<'a>,
        content: &[u8],
        around: &Resources<'a>,
        transform: Affine,
        depth: usize,
    ) -> Option<()> {
        let matrix = form.dict().get::<[f64; 6]>(MATRIX);
        self.followed(form.dict(), MATRIX, matrix.is_some())?;
        let transform = transform * matrix.map_or(Affine::IDENTITY, Affine::new);
        let own = form.dict().get::<Dict<'a>>(RESOURCES);
        self.followed(form.dict(), RESOURCES, own.is_some())?;
        let Some(own) = own else {
            self.run(content, around, transform, depth + 1);
            return Some(());
        };
        let resources = Resources::read(&own);
        let bytes = own.data().len() + resources.bytes();
        self.read(bytes)?;
        if self.held_resources_bytes + bytes > MAX_HELD_RESOURCES_BYTES {
            return self.check(Err(Limit::MaxExpandedBytes));
        }
        self.held_resources_bytes += bytes;
        self.run(content, &resources, transform, depth + 1);
        self.held_resources_bytes -= bytes;
        Some(())
    }
}

fn is_kind(dict: &Dict<'_>, kind: &[u8]) -> bool {
    dict.get::<Name<'_>>(SUBTYPE).is_some_and(|name| &*name == kind)
}

fn text_of(properties: &Dict<'_>) -> Option<Vec<u8>> {
    Some(properties.get::<hayro_syntax::object::String<'_>>(ACTUAL_TEXT)?.as_bytes().to_vec())
}

fn next_line(at: &mut TextMatrices, x: f64, y: f64) {
    at.line *= Affine::translate((x, y));
    at.text = at.line;
}

fn affine(instruction: &Instruction<'_, '_>) -> Affine {
    Affine::new(numbers::<6>(instruction))
}

fn numbers<const N: usize>(instruction: &Instruction<'_, '_>) -> [f64; N] {
    let mut numbers = [0.0; N];
    for (slot, operand) in numbers.iter_mut().zip(instruction.operands()) {
        *slot = number(operand).unwrap_or(0.0);
    }
    numbers
}

fn number(operand: &Object<'_>) -> Option<f64> {
    match operand {
        Object::Number(number) => Some(number.as_f64()),
        _ => None,
    }
}
