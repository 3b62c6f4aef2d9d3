//! Running content streams for the text they show (ISO 32000-2, 9.4).

use std::rc::Rc;

use hayro_font::kurbo::{Affine, Point, Vec2};
use hayro_syntax::content::{Instruction, UntypedIter};
use hayro_syntax::object::dict::keys::{ACTUAL_TEXT, MATRIX, RESOURCES, SUBTYPE};
use hayro_syntax::object::{Array, Dict, Name, Object, ObjectIdentifier, Stream};
use hayro_syntax::page::Resources;

use super::super::budget::Budget;
use super::font::{Code, Font, readable};
use super::info::text_string;
use super::layout::{Layout, Placed};
use super::page::{Known, Reader};
use super::stream::{StreamFault, decode, searchable_bytes};
use crate::Limit;

/// Forms within forms that are followed. Real files stay below ten; each level costs stack.
const MAX_FORM_DEPTH: usize = 20;
/// Saved graphics states.
const MAX_SAVED_STATES: usize = 10_000;

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
    /// What marked content says instead of its signs, innermost last; `None` where it says nothing.
    replacements: Vec<Option<String>>,
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
            replacements: Vec::new(),
        }
    }

    /// Runs a content stream. `depth` counts the forms around it.
    pub fn run(&mut self, content: &[u8], resources: &Resources<'a>, transform: Affine, depth: usize) {
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
        let open = self.replacements.len();
        while let Some(instruction) = instructions.next() {
            if self.stop.is_some() {
                break;
            }
            if self.reader.operations_left == 0 {
                self.stop = Some(Limit::MaxOperations);
                break;
            }
            self.reader.operations_left -= 1;
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
                    self.replacements.push(replacement);
                }
                b"BMC" => self.replacements.push(None),
                b"EMC" => drop(self.replacements.pop()),
                _ => self.text(&instruction, resources, &mut state, &mut at),
            }
        }
        self.replacements.truncate(open);
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
                    state.font = Some(self.reader.fonts.get(&resources.fonts, name, self.budget));
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
                self.layout.place(&Placed { text: &text, origin, advance, direction, size });
            }
            at.text *= Affine::translate(step);
        }
    }

    /// What to write for a sign: what its font says, or what the marked content around it says, once.
    fn name(&mut self, text: Option<Rc<str>>, is_space: bool) -> Rc<str> {
        if let Some(replacement) = self.replacements.iter_mut().rev().find_map(Option::as_mut) {
            return std::mem::take(replacement).into();
        }
        self.shown += 1;
        text.unwrap_or_else(|| {
            self.unknown += u64::from(!is_space);
            if is_space { " ".into() } else { "".into() }
        })
    }

    fn replacement(&self, instruction: &Instruction<'_, '_>, resources: &Resources<'a>) -> Option<String> {
        let text = match instruction.operands().nth(1)? {
            Object::Dict(properties) => text_of(properties),
            Object::Name(name) => text_of(&resources.properties.get::<Dict<'_>>(name)?),
            _ => None,
        };
        text.map(|text| readable(text_string(&text)))
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
        let dict = match &stream {
            Some(stream) => Some(stream.dict().clone()),
            // The data of large pictures is gone, see `defuse`.
            None if self.reader.known.contains_key(&id) => None,
            None => resources.x_objects.get::<Dict<'a>>(name),
        };
        if let Some(dict) = dict
            && !is_kind(&dict, b"Form")
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
            (Some(Known::Form(form, content)), _) => (form.clone(), content.clone()),
            (None, Some(form)) => match decode(form, self.budget) {
                Ok(mut content) => {
                    content.truncate(searchable_bytes(&content));
                    let content = Rc::new(content);
                    self.reader.remember_form(id, form, &content);
                    (form.clone(), content)
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
            _ => return,
        };
        if depth >= MAX_FORM_DEPTH {
            self.cut = true;
            return;
        }
        let own = form.dict().get::<Dict<'a>>(RESOURCES).map(Resources::new);
        let matrix = form.dict().get::<[f64; 6]>(MATRIX).map_or(Affine::IDENTITY, Affine::new);
        let (shown, pictures) = (self.shown, self.pictures);
        self.pictures = false;
        self.run(&content, own.as_ref().unwrap_or(around), transform * matrix, depth + 1);
        // Only what was run in full is known to be empty.
        let empty = self.shown == shown && !self.pictures && self.replacements.is_empty();
        if empty && self.stop.is_none() && !self.cut {
            self.reader.known.insert(id, Known::Nothing);
        }
        self.pictures |= pictures;
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
