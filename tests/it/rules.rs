//! Rule packs: windows of publication and sharing.
