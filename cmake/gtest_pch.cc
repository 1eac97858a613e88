// Holds the precompiled gtest headers that every test binary reuses.
