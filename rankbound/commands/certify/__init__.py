"""`certify`: machine checks of the theory."""
