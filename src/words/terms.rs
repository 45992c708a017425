//! The names of texts that code asks for one by one.

/// A field-less enum whose variants name texts of the catalogue.
macro_rules! texts {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $key:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in the catalogue, the same in every language.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)+ }
            }
        }
    };
}
pub(super) use texts;

texts! {
    /// A note beside a verdict.
    Note {
        /// Received, not yet in force; names `batch`.
        InProcess = "note-in-process",
        /// Planned, not made yet; names `batch`.
        Planned = "note-planned",
        /// The data are old; names `age`.
        Outdated = "note-outdated",
        /// An override made the status; names its `number`.
        Override = "note-override",
        /// The number is not the one known for the SIM.
        SimChanged = "note-sim-changed",
        /// Another moment or state was asked; names `moment` and `revision`.
        NotNow = "note-not-now",
        /// The 15th digit does not fit; names the right `digit`.
        CheckDigit = "note-check-digit",
        /// The digits may also be an IMSI.
        MaybeImsi = "note-maybe-imsi",
        /// The digits are an IMSI of a known `operator` as well, and no right IMEI.
        TwoReadings = "note-two-readings",
        /// Pairings of other operators are left out; names their `count`.
        OthersHidden = "note-others-hidden",
        /// What was typed looks like somebody's identity number.
        MaybeNik = "note-maybe-nik",
    }
}

texts! {
    /// What would change an answer for the better. The order is that in which they are shown.
    Remedy {
        /// The IMEI is read correctly.
        CorrectImei = "remedy-correct-imei",
        /// The device leaves the black list.
        LiftBlock = "remedy-lift-block",
        /// The bar of the model is lifted.
        LiftModel = "remedy-lift-model",
        /// The suspicion of duplication is cleared.
        ClearSuspicion = "remedy-clear-suspicion",
        /// The suspended listing is restored.
        Restore = "remedy-restore",
        /// The ended listing is renewed.
        Renew = "remedy-renew",
        /// The number that it is paired with is named.
        NameNumber = "remedy-name-number",
        /// The operator pairs it with the number.
        Pair = "remedy-pair",
        /// It is registered.
        Register = "remedy-register",
    }
}

texts! {
    /// What happened to a device or a SIM; names `other` where another device, number or batch has to do with it.
    Deed {
        /// Listed.
        Listed = "deed-listed",
        /// Listed, with a number.
        ListedWith = "deed-listed-with",
        /// Listed in the place of another.
        CorrectedFrom = "deed-corrected-from",
        /// Taken off: another was meant.
        CorrectedTo = "deed-corrected-to",
        /// Taken off a batch.
        TakenOff = "deed-taken-off",
        /// Paired with a number.
        Paired = "deed-paired",
        /// Released from a number.
        Released = "deed-released",
        /// The other IMEIs of the phone became known.
        Linked = "deed-linked",
        /// Its model is outside the rule.
        ModelExempt = "deed-model-exempt",
        /// Its model is inside the rule again.
        ModelInside = "deed-model-inside",
        /// Its model is barred.
        ModelBarred = "deed-model-barred",
        /// Its model is barred no more.
        ModelFree = "deed-model-free",
        /// A SIM has a number.
        SimHas = "deed-sim-has",
        /// A SIM leaves the map.
        SimLeaves = "deed-sim-leaves",
    }
}

texts! {
    /// The name of a field.
    #[expect(missing_docs, reason = "a label is its own word")]
    Label {
        Device = "label-device",
        Number = "label-number",
        Document = "label-document",
        Batch = "label-batch",
        Model = "label-model",
        Say = "label-say",
        Do = "label-do",
        Contact = "label-contact",
        Operators = "label-operators",
        AllOperators = "label-all-operators",
        OtherOperators = "label-other-operators",
        National = "label-national",
        WithoutNumber = "label-without-number",
        WithNumber = "label-with-number",
        ForeignSim = "label-foreign-sim",
        Evidence = "label-evidence",
        Decides = "label-decides",
        Until = "label-until",
        Change = "label-change",
        From = "label-from",
        Pairings = "label-pairings",
        Asked = "label-asked",
        Released = "label-released",
        OtherImei = "label-other-imei",
        History = "label-history",
        Notes = "label-notes",
        Suggestion = "label-suggestion",
        Known = "label-known",
        Quantity = "label-quantity",
        Drawn = "label-drawn",
        Left = "label-left",
        Devices = "label-devices",
        Operator = "label-operator",
        Data = "label-data",
        Revision = "label-revision",
        Nothing = "label-nothing",
        By = "label-by",
        ApprovedBy = "label-approved-by",
        Refusals = "label-refusals",
        Cases = "label-cases",
        More = "label-more",
        Registration = "label-registration",
    }
}

/// What kind of term of a case is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseTerm {
    /// What it is about.
    Kind,
    /// How it stands.
    State,
    /// Who must act.
    Owner,
    /// What was done.
    Act,
}

impl CaseTerm {
    /// What its names in the catalogue begin with.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Kind => "case-kind",
            Self::State => "case-state",
            Self::Owner => "case-owner",
            Self::Act => "case-act",
        }
    }
}
