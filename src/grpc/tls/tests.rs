//! Files that are no good, each refused with its name and what is wrong.
