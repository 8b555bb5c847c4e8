//! Something to fill in on a page of a desk.

use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::visit::Sent;

/// A form.
#[derive(Clone, Debug)]
pub(in crate::portal) struct Form {
    /// Where it goes, without the language.
    pub(in crate::portal) action: String,
    /// Whether it asks with its values in the address, as links do.
    pub(in crate::portal) is_get: bool,
    /// Whether a file goes along.
    pub(in crate::portal) has_file: bool,
    /// Tells its fields from those of another form on the page.
    pub(in crate::portal) prefix: String,
    /// Its fields.
    pub(in crate::portal) fields: Vec<Field>,
    /// What the button says.
    pub(in crate::portal) button: String,
    /// What the button does it to, for whoever hears the buttons one after another.
    pub(in crate::portal) of: String,
}

/// A field of a form.
#[derive(Clone, Debug)]
pub(in crate::portal) struct Field {
    pub(in crate::portal) name: String,
    pub(in crate::portal) label: String,
    pub(in crate::portal) help: Option<String>,
    pub(in crate::portal) value: String,
    pub(in crate::portal) fault: Option<String>,
    pub(in crate::portal) is_required: bool,
    /// Tells it from others of its name.
    part: String,
    pub(in crate::portal) kind: Kind,
}

/// How a field is filled in.
#[derive(Clone, Debug)]
pub(in crate::portal) enum Kind {
    /// A value that is not shown.
    Hidden,
    /// A line, of so many characters at most.
    Line(usize),
    /// A date, or a month.
    Of(&'static str),
    /// Lines of text, of so many characters at most.
    Lines(usize),
    /// One of these.
    One(Vec<Choice>),
    /// Some of these.
    Some(Vec<Choice>),
    /// A file of these kinds.
    File(&'static str),
}

/// What may be chosen.
#[derive(Clone, Debug)]
pub(in crate::portal) struct Choice {
    pub(in crate::portal) value: String,
    pub(in crate::portal) title: String,
    pub(in crate::portal) is_chosen: bool,
}

impl Choice {
    /// Something that may be chosen.
    pub(in crate::portal) fn new(value: &str, title: String) -> Self {
        Self { value: value.to_owned(), title, is_chosen: false }
    }
}

impl Choice {
    /// Any of these, or all of them.
    pub(in crate::portal) fn any_of(frame: &Frame, choices: impl Iterator<Item = Self>) -> Vec<Self> {
        std::iter::once(Self::new("", frame.text("filter-all"))).chain(choices).collect()
    }
}

impl Form {
    /// A form without fields.
    pub(in crate::portal) fn new(action: &str, button: String) -> Self {
        Self {
            action: action.to_owned(),
            is_get: false,
            has_file: false,
            prefix: String::new(),
            fields: Vec::new(),
            button,
            of: String::new(),
        }
    }

    /// A form that asks as links do.
    pub(in crate::portal) fn asking(action: &str, button: String) -> Self {
        Self { is_get: true, ..Self::new(action, button) }
    }

    /// The same form, one of several: told apart by a prefix of its fields, and what its button is for.
    #[must_use]
    pub(in crate::portal) fn among(self, prefix: String, of: String) -> Self {
        Self { prefix, of, ..self }
    }

    /// A value that goes along.
    #[must_use]
    pub(in crate::portal) fn hidden(mut self, name: &str, value: &str) -> Self {
        self.fields.push(Field { value: value.to_owned(), ..Field::new(name, String::new(), Kind::Hidden) });
        self
    }

    /// One field more.
    #[must_use]
    pub(in crate::portal) fn field(mut self, field: Field) -> Self {
        self.has_file |= matches!(field.kind, Kind::File(_));
        self.fields.push(field);
        self
    }

    /// Chooses one of the choices of a field.
    pub(in crate::portal) fn choose(&mut self, name: &str, value: &str) {
        for field in self.fields.iter_mut().filter(|field| field.name == name) {
            if let Kind::One(choices) = &mut field.kind {
                for choice in choices {
                    choice.is_chosen = choice.value == value;
                }
            }
        }
    }

    /// The id of a field within the page.
    pub(in crate::portal) fn id(&self, field: &Field) -> String {
        let parts = [self.prefix.as_str(), &field.name, &field.part];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
    }

    /// Whether something in it is at fault.
    pub(super) fn has_faults(&self) -> bool {
        self.fields.iter().any(|field| field.fault.is_some())
    }
}

impl Field {
    fn new(name: &str, label: String, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            label,
            help: None,
            value: String::new(),
            fault: None,
            is_required: false,
            part: String::new(),
            kind,
        }
    }

    /// A line of so many characters at most.
    pub(in crate::portal) fn line(name: &str, label: String, longest: usize) -> Self {
        Self::new(name, label, Kind::Line(longest))
    }

    /// A day.
    pub(in crate::portal) fn date(name: &str, label: String) -> Self {
        Self::new(name, label, Kind::Of("date"))
    }

    /// A month.
    pub(in crate::portal) fn month(name: &str, label: String) -> Self {
        Self::new(name, label, Kind::Of("month"))
    }

    /// Lines of so many characters at most.
    pub(in crate::portal) fn lines(name: &str, label: String, longest: usize) -> Self {
        Self::new(name, label, Kind::Lines(longest))
    }

    /// One of several.
    pub(in crate::portal) fn one(name: &str, label: String, choices: Vec<Choice>) -> Self {
        Self::new(name, label, Kind::One(choices))
    }

    /// Some of several.
    pub(in crate::portal) fn some(name: &str, label: String, choices: Vec<Choice>) -> Self {
        Self::new(name, label, Kind::Some(choices))
    }

    /// A file.
    pub(in crate::portal) fn file(name: &str, label: String, kinds: &'static str) -> Self {
        Self::new(name, label, Kind::File(kinds))
    }

    /// Nothing is chosen until somebody chooses.
    #[must_use]
    pub(in crate::portal) fn chosen(mut self, frame: &Frame) -> Self {
        if let Kind::One(choices) = &mut self.kind {
            choices.insert(0, Choice::new("", frame.text("choose")));
        }
        self.required()
    }

    /// One of several fields of a name, told apart by this.
    #[must_use]
    pub(in crate::portal) fn part(self, part: &str) -> Self {
        Self { part: part.to_owned(), ..self }
    }

    /// It must be filled in.
    #[must_use]
    pub(in crate::portal) fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// With advice.
    #[must_use]
    pub(in crate::portal) fn help(self, text: String) -> Self {
        Self { help: Some(text), ..self }
    }

    /// With what was sent, and what is wrong with it.
    #[must_use]
    pub(in crate::portal) fn sent(mut self, sent: &Sent, faults: &Faults) -> Self {
        let name = self.name.clone();
        if let Kind::One(choices) | Kind::Some(choices) = &mut self.kind {
            for choice in choices {
                choice.is_chosen = sent.all(&name).any(|value| value == choice.value);
            }
        }
        sent.get(&name).clone_into(&mut self.value);
        self.fault = faults.at(&name).map(str::to_owned);
        self
    }

    /// What tells of it beside its label, for `aria-describedby`.
    pub(in crate::portal) fn described(&self, id: &str) -> String {
        let fault = self.fault.as_ref().map(|_| format!("{id}-fault"));
        let help = self.help.as_ref().map(|_| format!("{id}-help"));
        [fault, help].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}
