//! Views whose type is forgotten, so that what holds one is compiled once and not for each.
//!
//! On the server it is Leptos' own `AnyView`. That one can do more than this site needs, and carries the code for it into the
//! browser for each view it is made of: to be taken over piece by piece while code is still on its way, and to be turned into
//! another one of the same type. Here, a page is taken over at once, and a view that replaces another takes its place as a whole:
//! with the focus that was in it.
//! So what makes one asks only for what makes it another one; what changes within is asked for there.

#[cfg(feature = "ssr")]
pub use server::{Erase, Erased};

#[cfg(not(feature = "ssr"))]
pub use in_browser::{Erase, Erased};

#[cfg(feature = "ssr")]
mod server {
    use leptos::prelude::{AnyView, IntoAny as _, IntoView};

    /// A view whose type is forgotten.
    pub type Erased = AnyView;

    /// Forgets the type of a view.
    pub trait Erase {
        /// The view without its type.
        fn erased(self) -> Erased;
    }

    impl<V: IntoView> Erase for V {
        fn erased(self) -> Erased {
            self.into_any()
        }
    }
}

#[cfg(not(feature = "ssr"))]
mod in_browser {
    use leptos::prelude::{AddAnyAttr, IntoView, Mountable, Render, RenderHtml};
    use leptos::tachys::html::attribute::Attribute;
    use leptos::tachys::html::attribute::any_attribute::AnyAttribute;
    use leptos::tachys::hydration::Cursor;
    use leptos::tachys::renderer::Rndr;
    use leptos::tachys::renderer::types::{Element, Node, Placeholder};
    use leptos::tachys::view::{Position, PositionState};

    /// A view whose type is forgotten.
    pub struct Erased(Box<dyn Piece>);

    /// What is on the page of one.
    pub struct OnPage {
        view: Box<dyn Mountable>,
        /// Stands where nothing of the view does.
        placeholder: Option<Placeholder>,
    }

    /// Forgets the type of a view.
    pub trait Erase {
        /// The view without its type.
        fn erased(self) -> Erased;
    }

    impl<V: IntoView + 'static> Erase for V {
        fn erased(self) -> Erased {
            Erased(Box::new(self))
        }
    }

    /// What can be done with a view that is not known.
    trait Piece: Send {
        fn build(self: Box<Self>) -> OnPage;
        fn take_over(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> OnPage;
    }

    impl<V: IntoView + 'static> Piece for V {
        fn build(self: Box<Self>) -> OnPage {
            let placeholder = (!V::EXISTS).then(Rndr::create_placeholder);
            OnPage { view: Box::new(Render::build(*self)), placeholder }
        }

        fn take_over(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> OnPage {
            let view = Box::new(self.hydrate::<true>(cursor, position));
            let placeholder = (!V::EXISTS).then(|| cursor.next_placeholder(position));
            OnPage { view, placeholder }
        }
    }

    impl Render for Erased {
        type State = OnPage;

        fn build(self) -> OnPage {
            self.0.build()
        }

        fn rebuild(self, state: &mut OnPage) {
            let mut new = self.0.build();
            let _ = state.insert_before_this(&mut new);
            state.unmount();
            *state = new;
        }
    }

    impl Mountable for OnPage {
        fn unmount(&mut self) {
            self.view.unmount();
            if let Some(placeholder) = &mut self.placeholder {
                placeholder.unmount();
            }
        }

        fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
            self.view.mount(parent, marker);
            if let Some(placeholder) = &mut self.placeholder {
                placeholder.mount(parent, marker);
            }
        }

        fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
            self.view.insert_before_this(child)
                || self.placeholder.as_ref().is_some_and(|placeholder| placeholder.insert_before_this(child))
        }

        fn elements(&self) -> Vec<Element> {
            self.view.elements()
        }
    }

    impl RenderHtml for Erased {
        type AsyncOutput = Self;
        type Owned = Self;

        const MIN_LENGTH: usize = 0;

        fn dry_resolve(&mut self) {}

        fn resolve(self) -> impl Future<Output = Self> + Send {
            std::future::ready(self)
        }

        fn to_html_with_buf(self, _: &mut String, _: &mut Position, _: bool, _: bool, _: Vec<AnyAttribute>) {
            // A browser makes none.
            unreachable!()
        }

        fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> OnPage {
            self.0.take_over(cursor, position)
        }

        fn into_owned(self) -> Self {
            self
        }
    }

    /// No attributes are given to a view whose type is forgotten.
    impl AddAnyAttr for Erased {
        type Output<NewAttr: Attribute> = Self;

        fn add_any_attr<NewAttr: Attribute>(self, _: NewAttr) -> Self
        where
            Self: RenderHtml,
        {
            self
        }
    }
}
