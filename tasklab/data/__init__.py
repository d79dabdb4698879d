"""From files to rows of numbers, a package per kind of data; numpy only, no MindSpore."""
