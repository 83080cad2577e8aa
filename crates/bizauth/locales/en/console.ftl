# The words of the console.

console-home = Developer console
console-lead = Register your apps here and look after their keys and permissions.
