//! The texts of a room that only servers say.

/// Makes `Texts` of what `build.rs` read of the room's `texts/*.ftl`: a method for each message, in every language.
macro_rules! texts {
    ($file:literal) => {
        /// The texts of a language. Cheap to copy.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct Texts {
            language: $crate::language::Language,
        }

        #[allow(unused_imports, reason = "not every room counts, or says something in parts")]
        use $crate::language::pattern::Count;
        #[allow(dead_code, reason = "not every room says something in parts")]
        type Piece = $crate::language::pattern::Piece<'static>;
        use $crate::language::Language;

        include!(concat!(env!("OUT_DIR"), "/", $file));

        #[allow(dead_code, reason = "no room needs all of it")]
        impl Texts {
            /// Those of `language`.
            pub(crate) fn of(language: Language) -> Self {
                Self { language }
            }

            /// Which language it is.
            pub(crate) fn language(self) -> Language {
                self.language
            }

            /// All that is said in it.
            pub(crate) fn all(self) -> impl Iterator<Item = &'static str> {
                table(self.language).iter().copied()
            }

            fn at(self, place: usize) -> &'static str {
                table(self.language)[place]
            }

            fn filled(self, place: usize, arguments: &[&dyn std::fmt::Display]) -> String {
                $crate::language::pattern::fill(self.at(place), arguments)
            }

            fn counted(self, place: usize, count: Count, arguments: &[&dyn std::fmt::Display]) -> String {
                let pattern = $crate::language::pattern::choose(self.at(place), self.language, count);
                $crate::language::pattern::fill(pattern, arguments)
            }

            fn pieces(self, place: usize) -> Vec<Piece> {
                $crate::language::pattern::pieces(self.at(place))
            }
        }
    };
}

pub(crate) use texts;
